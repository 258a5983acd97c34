using '../../../infra/main.bicep'

param environmentName = 'gov'
param cloudName = 'AzureUSGovernment'
param location = 'usgovvirginia'
