using '../../../infra/main.bicep'

param environmentName = 'cn'
param cloudName = 'AzureChinaCloud'
param location = 'chinanorth3'
