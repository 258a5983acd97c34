// cosmosAutoscaleMaxThroughput is 400: use 0 for serverless, or 1000 and more in steps of 1000.
using '../../../infra/main.bicep'

param environmentName = 'dev'
param cloudName = 'AzureCloud'
param cosmosAutoscaleMaxThroughput = 400
