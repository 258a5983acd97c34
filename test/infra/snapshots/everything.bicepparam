using '../../../infra/main.bicep'

// Everything that can be switched on, and the longest name.
param environmentName = 'Prod.Europe_West.(Contoso-Helpdesk).2026_second_attempt_of_three'
param cloudName = 'AzureCloud'
param botDisplayName = 'Helpdesk'
param botSku = 'S1'
param directLine = true
param nodeVersion = '22'
param instanceMemoryMB = 4096
param maximumInstanceCount = 1000
param httpConcurrency = 1000
param alwaysReadyHttp = 2
param alwaysReadyTurns = 3
param cosmosAutoscaleMaxThroughput = 1000000
param notify = 'app-role'
param traceSampling = '0.25'
param additionalSettings = {
  TURNWISE_KEEP_CONVERSATIONS: '365'
  TURNWISE_NOTIFY_ROLE: 'Notify'
  FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: '4000000'
}
param publicDataAccess = false
param integrationSubnetId = '/subscriptions/00000000-0000-4000-8000-000000000002/resourceGroups/rg-network/providers/Microsoft.Network/virtualNetworks/vnet/subnets/app'
param logRetentionDays = 730
param logDailyCapGB = 5
param alertEmail = 'operator@example.org'
param operatorPrincipalId = '00000000-0000-4000-8000-000000000003'
param operatorPrincipalType = 'Group'
