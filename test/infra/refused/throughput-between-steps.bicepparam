// cosmosAutoscaleMaxThroughput is 1500: use 0 for serverless
using '../../../infra/main.bicep'

param environmentName = 'dev'
param cloudName = 'AzureCloud'
param cosmosAutoscaleMaxThroughput = 1500
