// additionalSettings has FUNCTIONS_WORKER_RUNTIME. Take it out
using '../../../infra/main.bicep'

param environmentName = 'dev'
param cloudName = 'AzureCloud'
param additionalSettings = { FUNCTIONS_WORKER_RUNTIME: 'node' }
