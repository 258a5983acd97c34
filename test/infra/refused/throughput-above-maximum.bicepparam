// the maximum allowable value is 1000000
using '../../../infra/main.bicep'

param environmentName = 'dev'
param cloudName = 'AzureCloud'
param cosmosAutoscaleMaxThroughput = 1001000
