// publicDataAccess is false, and integrationSubnetId is empty: the app could not reach its data
using '../../../infra/main.bicep'

param environmentName = 'dev'
param cloudName = 'AzureCloud'
param publicDataAccess = false
