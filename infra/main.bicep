targetScope = 'resourceGroup'

@description('Name of this environment, such as "dev" or "prod". Part of the names of what is created.')
@minLength(1)
@maxLength(20)
param environmentName string

@description('Region of everything that has one. Flex Consumption and Cosmos DB have to be offered there.')
param location string = resourceGroup().location

@description('Name under which people see the bot.')
param botDisplayName string = 'Turnwise'

@description('Pricing tier of the Azure Bot: F0 is free and has a monthly limit on Direct Line and Web Chat; S1 is paid. Teams is free with both.')
@allowed(['F0', 'S1'])
param botSku string = 'F0'

@description('Whether people can reach the bot in Teams.')
param teams bool = true

@description('Whether "Test in Web Chat" and web pages can reach the bot.')
param webChat bool = true

@description('Whether clients of your own can reach the bot through Direct Line.')
param directLine bool = false

@description('Memory of an instance, in MB. It also decides how much processor an instance has.')
@allowed([512, 2048, 4096])
param instanceMemoryMB int = 2048

@description('Most instances that the app may grow to, per group that scales on its own (HTTP, each queue function, timers).')
@minValue(1)
@maxValue(1000)
param maximumInstanceCount int = 40

@description('Requests that one instance takes at a time. Accepting an activity mostly waits for Cosmos DB.')
@minValue(1)
@maxValue(1000)
param httpConcurrency int = 32

@description('Instances that are always ready to accept activities. Each is paid for all the time; 0 means that the first activity after a pause waits for a start.')
@minValue(0)
param alwaysReadyHttp int = 0

@description('Instances that are always ready to run turns. Each is paid for all the time; 0 means that the first turn after a pause waits for a start.')
@minValue(0)
param alwaysReadyTurns int = 0

@description('0: Cosmos DB is serverless, paid by the request. From 1000: autoscale up to this many request units per second. An account cannot be changed back to serverless.')
@minValue(0)
param cosmosAutoscaleMaxThroughput int = 0

@description('Who may have the bot notify people, over its HTTP API: nobody, applications with the app role, or whoever has a key of the function app.')
@allowed(['off', 'app-role', 'function-key'])
param notify string = 'off'

@description('Part of the traces that is sent, from 0 to 1. Metrics and logs are all sent.')
param traceSampling string = '1'

@description('Further app settings by name, such as { TURNWISE_KEEP_CONVERSATIONS: \'365\' }: docs/configuration.md has them all. No secrets: whoever may read the deployment may read them.')
param additionalSettings object = {}

@description('Days for which logs are kept. The first 31 are free.')
@minValue(30)
@maxValue(730)
param logRetentionDays int = 30

@description('Most that is logged in a day, in GB; -1 is no limit. What is over it is lost, alerts included.')
@minValue(-1)
param logDailyCapGB int = -1

@description('Address that alerts are mailed to. Empty: alerts are raised, and mailed to nobody.')
param alertEmail string = ''

@description('Object id of a person or group that may use "npx turnwise" on this environment: it reads and writes conversations. Empty: nobody.')
param operatorPrincipalId string = ''

@description('Kind of that principal.')
@allowed(['User', 'Group', 'ServicePrincipal'])
param operatorPrincipalType string = 'User'

var shortName = toLower(environmentName)
var token = toLower(uniqueString(resourceGroup().id, environmentName))
var tags = { 'azd-env-name': environmentName }

module identity 'modules/identity.bicep' = {
  name: 'identity'
  params: {
    name: 'id-${shortName}-${token}'
    location: location
    tags: tags
  }
}

module monitoring 'modules/monitoring.bicep' = {
  name: 'monitoring'
  params: {
    workspaceName: 'log-${shortName}-${token}'
    componentName: 'appi-${shortName}-${token}'
    location: location
    tags: tags
    principalId: identity.outputs.principalId
    retentionDays: logRetentionDays
    dailyCapGB: logDailyCapGB
  }
}

module storage 'modules/storage.bicep' = {
  name: 'storage'
  params: {
    name: 'stor${token}'
    location: location
    tags: tags
    principalId: identity.outputs.principalId
    operatorPrincipalId: operatorPrincipalId
    operatorPrincipalType: operatorPrincipalType
  }
}

module cosmos 'modules/cosmos.bicep' = {
  name: 'cosmos'
  params: {
    name: 'cosmos-${shortName}-${token}'
    location: location
    tags: tags
    principalId: identity.outputs.principalId
    operatorPrincipalId: operatorPrincipalId
    autoscaleMaxThroughput: cosmosAutoscaleMaxThroughput
  }
}

module functionApp 'modules/function-app.bicep' = {
  name: 'function-app'
  params: {
    name: 'func-${shortName}-${token}'
    planName: 'plan-${shortName}-${token}'
    location: location
    tags: tags
    identityId: identity.outputs.id
    identityClientId: identity.outputs.clientId
    blobEndpoint: storage.outputs.blobEndpoint
    queueEndpoint: storage.outputs.queueEndpoint
    packageContainer: storage.outputs.packageContainer
    cosmosEndpoint: cosmos.outputs.endpoint
    cosmosDatabase: cosmos.outputs.database
    applicationInsightsConnectionString: monitoring.outputs.connectionString
    notify: notify
    traceSampling: traceSampling
    additionalSettings: additionalSettings
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: maximumInstanceCount
    httpConcurrency: httpConcurrency
    alwaysReadyHttp: alwaysReadyHttp
    alwaysReadyTurns: alwaysReadyTurns
  }
}

module bot 'modules/bot.bicep' = {
  name: 'bot'
  params: {
    name: 'bot-${shortName}-${token}'
    displayName: botDisplayName
    tags: tags
    sku: botSku
    endpoint: functionApp.outputs.messagingEndpoint
    identityId: identity.outputs.id
    identityClientId: identity.outputs.clientId
    teams: teams
    webChat: webChat
    directLine: directLine
  }
}

module alerts 'modules/alerts.bicep' = {
  name: 'alerts'
  params: {
    namePrefix: 'turnwise-${shortName}'
    location: location
    tags: tags
    workspaceId: monitoring.outputs.workspaceId
    email: alertEmail
  }
}

module workbook 'modules/workbook.bicep' = {
  name: 'workbook'
  params: {
    displayName: 'Turnwise ${environmentName}'
    location: location
    tags: tags
    componentId: monitoring.outputs.componentId
    cosmosAccountId: cosmos.outputs.accountId
  }
}

@description('Where channels post activities.')
output messagingEndpoint string = functionApp.outputs.messagingEndpoint

@description('Whether the app can do its work.')
output healthUrl string = functionApp.outputs.healthUrl

@description('Name of the function app, for deploying to it.')
output functionAppName string = functionApp.outputs.name

@description('Name of the Azure Bot.')
output botName string = bot.outputs.name

@description('App id of the bot, for the Teams app manifest.')
output botAppId string = identity.outputs.clientId

@description('For COSMOS_ENDPOINT of "npx turnwise".')
output cosmosEndpoint string = cosmos.outputs.endpoint

@description('For AzureWebJobsStorage__queueServiceUri of "npx turnwise".')
output queueServiceUri string = storage.outputs.queueEndpoint

@description('What to do now.')
output nextSteps string = 'Deploy the code (azd deploy, or the deploy workflow), wait until ${functionApp.outputs.healthUrl} answers 200, then open "Test in Web Chat" of ${bot.outputs.name}. docs/deploy.md goes on from there.'
