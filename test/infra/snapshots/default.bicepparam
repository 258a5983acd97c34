using '../../../infra/main.bicep'

// What a first deployment gets.
param environmentName = 'dev'
param cloudName = 'AzureCloud'
