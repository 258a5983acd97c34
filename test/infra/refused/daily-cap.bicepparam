// logDailyCapGB is 0
using '../../../infra/main.bicep'

param environmentName = 'dev'
param cloudName = 'AzureCloud'
param logDailyCapGB = 0
