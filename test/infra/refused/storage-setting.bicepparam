// additionalSettings has azureWebJobsStorage. Take it out
using '../../../infra/main.bicep'

param environmentName = 'dev'
param cloudName = 'AzureCloud'
param additionalSettings = { azureWebJobsStorage: '' }
