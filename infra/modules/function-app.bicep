@description('Name of the function app.')
@maxLength(60)
param name string

@description('Name of its plan.')
param planName string

@description('Region of both.')
param location string

@description('Tags of both.')
param tags { *: string }

@description('Resource id of the identity of the app.')
param identityId string

@description('Resource id of the identity that the package is written and fetched with.')
param packageIdentityId string

@description('Client id of the identity of the app, which is the app id of the bot.')
param identityClientId string

@description('Address of the blob service, with a slash at its end.')
param blobEndpoint string

@description('Address of the queue service.')
param queueEndpoint string

@description('Name of the storage account.')
param storageAccountName string

@description('Name of the container that deployments are put into.')
param packageContainer string

@description('Azure cloud of the deployment.')
param cloudName string

@description('Version of Node.js that the app runs on.')
param nodeVersion string

@description('Address of the Cosmos DB account.')
param cosmosEndpoint string

@description('Name of its database.')
param cosmosDatabase string

@description('Resource id of the subnet that the app sends from; empty for none.')
param integrationSubnetId string

@description('Resource id of the workspace that gets the log of the host; empty for none.')
param workspaceId string

@description('Where telemetry goes.')
param applicationInsightsConnectionString string

@description('Who may use the notification API.')
param notify string

@description('Part of the traces that is sent.')
param traceSampling string

@description('Further settings of the app, or other values of those here.')
param additionalSettings { *: string }

@description('Memory of an instance, in MB.')
param instanceMemoryMB int

@description('Most instances that a group of functions may grow to.')
param maximumInstanceCount int

@description('Requests that one instance takes at a time.')
param httpConcurrency int

@description('Instances that are always ready for HTTP.')
param alwaysReadyHttp int

@description('Instances that are always ready for turns.')
param alwaysReadyTurns int

// The cloud of the bot, where it is not the public one.
var channelServices = {
  AzureUSGovernment: 'https://botframework.azure.us'
  AzureChinaCloud: 'https://botframework.azure.cn'
}

// Names of the settings below. A variable that is exported may not depend on parameters, so this is a list of its own.
@export()
@description('Names of the settings that the template sets.')
var ownSettings = [
  'APPLICATIONINSIGHTS_AUTHENTICATION_STRING'
  'APPLICATIONINSIGHTS_CONNECTION_STRING'
  'AZURE_CLIENT_ID'
  'AzureWebJobsStorage__accountName'
  'AzureWebJobsStorage__blobServiceUri'
  'AzureWebJobsStorage__clientId'
  'AzureWebJobsStorage__credential'
  'AzureWebJobsStorage__queueServiceUri'
  'COSMOS_DATABASE'
  'COSMOS_ENDPOINT'
  'ChannelService'
  'FUNCTIONS_REQUEST_BODY_SIZE_LIMIT'
  'MicrosoftAppId'
  'MicrosoftAppTenantId'
  'MicrosoftAppType'
  'TURNWISE_NOTIFY'
  'TURNWISE_STORE'
  'TURNWISE_TRACE_SAMPLING'
]

// What src/settings-list.ts reads, and what the host itself needs. Nothing here is a secret.
var appSettings = {
  MicrosoftAppId: identityClientId
  MicrosoftAppType: 'UserAssignedMSI'
  MicrosoftAppTenantId: tenant().tenantId
  ChannelService: channelServices[?cloudName] ?? ''
  TURNWISE_STORE: 'cosmos'
  COSMOS_ENDPOINT: cosmosEndpoint
  COSMOS_DATABASE: cosmosDatabase
  AZURE_CLIENT_ID: identityClientId
  TURNWISE_NOTIFY: notify
  TURNWISE_TRACE_SAMPLING: traceSampling
  // In bytes, a little more than the largest activity. The host reads a request's body before the app can refuse the request, up to 100 MB
  // without this. An app with other HTTP functions that take more sets it in `additionalSettings`.
  FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: '1100000'
  AzureWebJobsStorage__blobServiceUri: blobEndpoint
  AzureWebJobsStorage__queueServiceUri: queueEndpoint
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__clientId: identityClientId
  APPLICATIONINSIGHTS_CONNECTION_STRING: applicationInsightsConnectionString
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identityClientId};Authorization=AAD'
}

// The host asks for the account's name or for its addresses. With the addresses alone it can fail to reach its blobs while it starts
// (Azure/azure-functions-host#11787). It makes addresses of the public cloud out of the name, so the name is set only there.
var storageName = cloudName == 'AzureCloud' ? { AzureWebJobsStorage__accountName: storageAccountName } : {}

resource plan 'Microsoft.Web/serverfarms@2025-03-01' = {
  name: planName
  location: location
  tags: tags
  kind: 'functionapp'
  sku: { name: 'FC1', tier: 'FlexConsumption' }
  properties: { reserved: true }
}

resource app 'Microsoft.Web/sites@2025-03-01' = {
  name: name
  location: location
  tags: union(tags, { 'azd-service-name': 'bot' })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identityId}': {}, '${packageIdentityId}': {} }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    virtualNetworkSubnetId: empty(integrationSubnetId) ? null : integrationSubnetId
    siteConfig: { minTlsVersion: '1.2' }
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${blobEndpoint}${packageContainer}'
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: packageIdentityId
          }
        }
      }
      runtime: { name: 'node', version: nodeVersion }
      scaleAndConcurrency: {
        instanceMemoryMB: instanceMemoryMB
        maximumInstanceCount: maximumInstanceCount
        alwaysReady: concat(
          alwaysReadyHttp > 0 ? [{ name: 'http', instanceCount: alwaysReadyHttp }] : [],
          alwaysReadyTurns > 0 ? [{ name: 'function:turns', instanceCount: alwaysReadyTurns }] : []
        )
        triggers: { http: { perInstanceConcurrency: httpConcurrency } }
      }
    }
  }
}

resource settings 'Microsoft.Web/sites/config@2025-03-01' = {
  parent: app
  name: 'appsettings'
  // All settings of the app: a deployment removes those that were set elsewhere, such as in the portal.
  properties: union(appSettings, storageName, additionalSettings)
}

// Deployments prove who they are: there are no user names and passwords.
resource noScmPassword 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2025-03-01' = {
  parent: app
  name: 'scm'
  properties: { allow: false }
}

resource noFtpPassword 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2025-03-01' = {
  parent: app
  name: 'ftp'
  properties: { allow: false }
}

// What the host says, also when the app does not start or cannot send telemetry.
#disable-next-line use-recent-api-versions // There is no released version that sends logs to a workspace.
resource log 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = if (!empty(workspaceId)) {
  name: 'turnwise'
  scope: app
  properties: {
    workspaceId: workspaceId
    logs: [{ category: 'FunctionAppLogs', enabled: true }]
  }
}

@description('Name of the function app.')
output name string = app.name

@description('Where channels post activities.')
output messagingEndpoint string = 'https://${app.properties.defaultHostName}/api/messages'

@description('Whether the app can do its work.')
output healthUrl string = 'https://${app.properties.defaultHostName}/api/health'
