using '../../../infra/main.bicep'

// Its readable part is the same as that of the environment in awkward.bicepparam.
param environmentName = 'my-bot-prod'
param cloudName = 'AzureCloud'
