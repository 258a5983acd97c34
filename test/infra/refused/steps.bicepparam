// cosmosAutoscaleMaxThroughput is 1500: use 0 for serverless, or 1000 and more in steps of 1000.
// traceSampling is 0.x: use 0, 1, or a fraction
using '../../../infra/main.bicep'

param environmentName = 'dev'
param cloudName = 'AzureCloud'
param cosmosAutoscaleMaxThroughput = 1500
param traceSampling = '0.x'
