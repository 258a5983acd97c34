using '../../../infra/main.bicep'

// Its readable part is the same as that of the environment in twin.bicepparam.
param environmentName = '-(My_Bot.Prod)-.'
param cloudName = 'AzureCloud'
