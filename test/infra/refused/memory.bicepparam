// Expected a value of type "2048 | 4096 | 512"
using '../../../infra/main.bicep'

param environmentName = 'dev'
param cloudName = 'AzureCloud'
param instanceMemoryMB = 1024
