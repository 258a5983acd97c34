@description('Name of the Cosmos DB account.')
@maxLength(44)
param name string

@description('Its one region: two that both write would each grant a condition on the same ETag.')
param location string

@description('Tags of the account.')
param tags { *: string }

@description('Object id of the identity of the app.')
param principalId string

@description('Resource id of that identity, which names its role assignments.')
param identityId string

@description('Object id of the operator; empty for none.')
param operatorPrincipalId string

@description('Whether the account has a public address.')
param isPublic bool

@description('Resource id of the workspace that gets the log of changes of the account; empty for none.')
param workspaceId string

@description('0: serverless. Otherwise the most request units per second that the database scales up to by itself.')
param autoscaleMaxThroughput int

// Cosmos DB Built-in Data Contributor: reads and writes items, and changes no container.
var dataContributor = '00000000-0000-0000-0000-000000000002'

resource account 'Microsoft.DocumentDB/databaseAccounts@2025-10-15' = {
  name: name
  location: location
  tags: tags
  kind: 'GlobalDocumentDB'
  properties: {
    databaseAccountOfferType: 'Standard'
    locations: [{ locationName: location, failoverPriority: 0, isZoneRedundant: false }]
    enableMultipleWriteLocations: false
    consistencyPolicy: { defaultConsistencyLevel: 'Session' }
    capabilities: autoscaleMaxThroughput == 0 ? [{ name: 'EnableServerless' }] : []
    disableLocalAuth: true
    disableKeyBasedMetadataWriteAccess: true
    minimalTlsVersion: 'Tls12'
    publicNetworkAccess: isPublic ? 'Enabled' : 'Disabled'
    backupPolicy: {
      type: 'Continuous'
      continuousModeProperties: { tier: 'Continuous7Days' }
    }
  }
}

resource database 'Microsoft.DocumentDB/databaseAccounts/sqlDatabases@2025-10-15' = {
  parent: account
  name: 'turnwise'
  properties: {
    resource: { id: 'turnwise' }
    options: autoscaleMaxThroughput == 0 ? {} : { autoscaleSettings: { maxThroughput: autoscaleMaxThroughput } }
  }
}

resource conversations 'Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers@2025-10-15' = {
  parent: database
  name: 'conversations'
  properties: {
    resource: {
      id: 'conversations'
      partitionKey: { paths: ['/conversation'], kind: 'Hash', version: 2 }
      // On, with nothing expiring unless its item says so.
      defaultTtl: -1
      indexingPolicy: {
        indexingMode: 'consistent'
        automatic: true
        includedPaths: [{ path: '/wake/?' }, { path: '/dead/?' }]
        excludedPaths: [{ path: '/*' }]
      }
    }
  }
}

resource users 'Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers@2025-10-15' = {
  parent: database
  name: 'users'
  properties: {
    resource: {
      id: 'users'
      partitionKey: { paths: ['/user'], kind: 'Hash', version: 2 }
      // On, with nothing expiring unless its item says so.
      defaultTtl: -1
      indexingPolicy: {
        indexingMode: 'consistent'
        automatic: true
        includedPaths: []
        excludedPaths: [{ path: '/*' }]
      }
    }
  }
}

// On the account, which holds nothing but this database: at its start the app also reads the account's consistency and write regions.
resource appWorksOnData 'Microsoft.DocumentDB/databaseAccounts/sqlRoleAssignments@2025-10-15' = {
  parent: account
  name: guid(account.id, identityId, dataContributor)
  properties: {
    principalId: principalId
    roleDefinitionId: '${account.id}/sqlRoleDefinitions/${dataContributor}'
    scope: account.id
  }
}

resource operatorWorksOnData 'Microsoft.DocumentDB/databaseAccounts/sqlRoleAssignments@2025-10-15' = if (!empty(operatorPrincipalId)) {
  parent: account
  name: guid(account.id, operatorPrincipalId, dataContributor)
  properties: {
    principalId: operatorPrincipalId
    roleDefinitionId: '${account.id}/sqlRoleDefinitions/${dataContributor}'
    scope: account.id
  }
}

// Changes of the account: its keys, its network, who may use its data. Not each request: that would be several rows for a turn.
#disable-next-line use-recent-api-versions // There is no released version that sends logs to a workspace.
resource log 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = if (!empty(workspaceId)) {
  name: 'turnwise'
  scope: account
  properties: {
    workspaceId: workspaceId
    logAnalyticsDestinationType: 'Dedicated'
    logs: [{ category: 'ControlPlaneRequests', enabled: true }]
  }
}

@description('Resource id of the account.')
output accountId string = account.id

@description('Address of the account.')
output endpoint string = account.properties.documentEndpoint

@description('Name of the database.')
output database string = database.name
