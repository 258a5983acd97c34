// Expected a value of type "2048 | 4096 | 512" but the provided value is of type "1024".
// Expected a value of type "'22' | '24'" but the provided value is of type "'20'".
// the maximum allowable value is 1000000.
// maximum allowable length is 64.
// expected a value of type "string" but the provided value is of type "365".
using '../../../infra/main.bicep'

param environmentName = '-----------------------------------------------------------------'
param cloudName = 'AzureCloud'
param instanceMemoryMB = 1024
param nodeVersion = '20'
param cosmosAutoscaleMaxThroughput = 1001000
param additionalSettings = { TURNWISE_KEEP_CONVERSATIONS: 365 }
