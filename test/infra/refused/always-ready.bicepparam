// alwaysReadyHttp and alwaysReadyTurns may not be greater than maximumInstanceCount, which is 2.
using '../../../infra/main.bicep'

param environmentName = 'dev'
param cloudName = 'AzureCloud'
param maximumInstanceCount = 2
param alwaysReadyTurns = 3
