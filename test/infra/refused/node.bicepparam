// Expected a value of type "'22' | '24'"
using '../../../infra/main.bicep'

param environmentName = 'dev'
param cloudName = 'AzureCloud'
param nodeVersion = '20'
