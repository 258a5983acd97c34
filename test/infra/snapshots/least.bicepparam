using '../../../infra/main.bicep'

// The least that can be asked for.
param environmentName = 'x'
param cloudName = 'AzureCloud'
param teams = false
param webChat = false
param instanceMemoryMB = 512
param maximumInstanceCount = 1
param httpConcurrency = 1
param cosmosAutoscaleMaxThroughput = 1000
param traceSampling = '0'
param logDailyCapGB = 1
param sweepAlert = false
param diagnosticLogs = false
