@description('Name of the storage account: 3 to 24 lower-case letters and digits.')
@minLength(3)
@maxLength(24)
param name string

@description('Region of the account.')
param location string

@description('Tags of the account.')
param tags { *: string }

@description('Object id of the identity of the app.')
param principalId string

@description('Resource id of that identity, which names its role assignments.')
param identityId string

@description('Object id of the identity that the package is written and fetched with.')
param packagePrincipalId string

@description('Resource id of that identity, which names its role assignment.')
param packageIdentityId string

@description('Whether the account has a public address.')
param isPublic bool

@description('Resource id of the workspace that gets the log of what is written; empty for none.')
param workspaceId string

@description('Object id of the operator; empty for none.')
param operatorPrincipalId string

@description('Kind of the operator.')
param operatorPrincipalType string

var roles = {
  // On the containers of the host, where it keeps its locks, when its timers are next due, and the keys of functions.
  blobDataOwner: 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
  // On the container of the package. A deployment is written there by the platform, with the identity that the app names for it.
  blobDataContributor: 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
  // On the one queue of the app. The roles for taking and for adding are not enough together: hiding a message for longer, which the
  // host does during a turn and after a failed ring, is an update, and only this role has it.
  queueDataContributor: '974c5e8b-45b9-4653-ba55-5f855dd0fb88'
  // Where messages are added and nothing is taken.
  queueMessageSender: 'c6a89b2d-59bc-44d0-9896-0f6e12d7b80a'
  queueDataReader: '19e7f393-937e-4f77-808e-94535e297925'
}

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: 'Standard_LRS' }
  properties: {
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: isPublic ? 'Enabled' : 'Disabled'
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2025-06-01' = {
  parent: account
  name: 'default'
}

resource packages 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-06-01' = {
  parent: blobs
  name: 'app-package'
  properties: { publicAccess: 'None' }
}

// The host makes these itself where it may. It may not: rights on the account would include the package.
var containersOfHost = ['azure-webjobs-hosts', 'azure-webjobs-secrets']

resource hostContainers 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-06-01' = [
  for container in containersOfHost: {
    parent: blobs
    name: container
    properties: { publicAccess: 'None' }
  }
]

resource queues 'Microsoft.Storage/storageAccounts/queueServices@2025-06-01' = {
  parent: account
  name: 'default'
}

resource turns 'Microsoft.Storage/storageAccounts/queueServices/queues@2025-06-01' = {
  parent: queues
  name: 'turns'
}

// Where the host puts a ring that failed five times. It may add to the queue and not make it.
resource turnsPoison 'Microsoft.Storage/storageAccounts/queueServices/queues@2025-06-01' = {
  parent: queues
  name: 'turns-poison'
}

resource hostOwnsContainers 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (container, index) in containersOfHost: {
    name: guid(hostContainers[index].id, identityId, roles.blobDataOwner)
    scope: hostContainers[index]
    properties: {
      principalId: principalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.blobDataOwner)
    }
  }
]

resource writesPackages 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(packages.id, packageIdentityId, roles.blobDataContributor)
  scope: packages
  properties: {
    principalId: packagePrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.blobDataContributor)
  }
}

// Who has written which blob, the package above all. Not the queue: each turn would be three rows.
#disable-next-line use-recent-api-versions // There is no released version that sends logs to a workspace.
resource blobLog 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = if (!empty(workspaceId)) {
  name: 'turnwise'
  scope: blobs
  properties: {
    workspaceId: workspaceId
    logs: [
      { category: 'StorageWrite', enabled: true }
      { category: 'StorageDelete', enabled: true }
    ]
  }
}

resource worksOnTurns 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(turns.id, identityId, roles.queueDataContributor)
  scope: turns
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.queueDataContributor)
  }
}

resource addsToPoison 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(turnsPoison.id, identityId, roles.queueMessageSender)
  scope: turnsPoison
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.queueMessageSender)
  }
}

// "npx turnwise dead replay" rings for what it puts back.
resource operatorRings 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(operatorPrincipalId)) {
  name: guid(turns.id, operatorPrincipalId, roles.queueMessageSender)
  scope: turns
  properties: {
    principalId: operatorPrincipalId
    principalType: operatorPrincipalType
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.queueMessageSender)
  }
}

// "npx turnwise doctor" looks at both queues.
resource operatorLooks 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(operatorPrincipalId)) {
  name: guid(account.id, operatorPrincipalId, roles.queueDataReader)
  scope: account
  properties: {
    principalId: operatorPrincipalId
    principalType: operatorPrincipalType
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.queueDataReader)
  }
}

@description('Name of the account.')
output name string = account.name

@description('Address of the blob service, with a slash at its end.')
output blobEndpoint string = account.properties.primaryEndpoints.blob

@description('Address of the queue service.')
output queueEndpoint string = account.properties.primaryEndpoints.queue

@description('Name of the container that deployments are put into.')
output packageContainer string = packages.name
