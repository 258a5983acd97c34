using '../../../infra/main.bicep'

// No letter and no digit: nothing of it can be part of a name.
param environmentName = '(._-)'
param cloudName = 'AzureCloud'
