// traceSampling is 50%: use 0, 1, or a fraction
using '../../../infra/main.bicep'

param environmentName = 'dev'
param cloudName = 'AzureCloud'
param traceSampling = '50%'
