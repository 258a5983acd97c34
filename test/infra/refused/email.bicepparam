// alertEmail is nobody, which is not an email address.
using '../../../infra/main.bicep'

param environmentName = 'dev'
param cloudName = 'AzureCloud'
param alertEmail = 'nobody'
