using '../../../infra/main.bicep'

// Words that Azure reserves.
param environmentName = 'Microsoft-Windows'
param cloudName = 'AzureCloud'
