targetScope = 'resourceGroup'

import { ownSettings } from 'modules/function-app.bicep'

@description('Name of this environment, such as "dev" or "prod": letters, digits, and - _ . ( ), as azd allows. Its first 20 characters, as far as they are letters, digits or hyphens, are part of the names of what is created.')
@minLength(1)
@maxLength(64)
param environmentName string

@description('Region of everything that has one. Flex Consumption and Cosmos DB have to be offered there.')
param location string = resourceGroup().location

@description('Azure cloud of the deployment: AzureCloud, AzureUSGovernment or AzureChinaCloud. The default is right; tests set others.')
param cloudName string = environment().name

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

@description('Version of Node.js that the app runs on. Node 22 gets no security fixes after April 2027.')
@allowed(['22', '24'])
param nodeVersion string = '24'

@description('Memory of an instance, in MB. It also decides how much processor an instance has.')
@allowed([512, 2048, 4096])
param instanceMemoryMB int = 2048

@description('Most instances that the app may grow to, per group that scales on its own (HTTP, each queue function, timers). Some regions refuse fewer than 40.')
@minValue(1)
@maxValue(1000)
param maximumInstanceCount int = 40

@description('Requests that one instance takes at a time. Accepting an activity mostly waits for Cosmos DB.')
@minValue(1)
@maxValue(1000)
param httpConcurrency int = 32

@description('Instances that are always ready to accept activities, at most maximumInstanceCount. Each is paid for all the time; 0 means that the first activity after a pause waits for a start.')
@minValue(0)
param alwaysReadyHttp int = 0

@description('Instances that are always ready to run turns, at most maximumInstanceCount. Each is paid for all the time; 0 means that the first turn after a pause waits for a start.')
@minValue(0)
param alwaysReadyTurns int = 0

@description('0: Cosmos DB is serverless, paid by the request. From 1000, in steps of 1000: autoscale up to this many request units per second. An account cannot be changed back to serverless.')
@minValue(0)
@maxValue(1000000)
param cosmosAutoscaleMaxThroughput int = 0

@description('Who may have the bot notify people, over its HTTP API: nobody, applications with the app role, or whoever has a key of the function app.')
@allowed(['off', 'app-role', 'function-key'])
param notify string = 'off'

@description('Part of the traces that is sent: 0, 1, or a fraction such as 0.25. Metrics and logs are all sent.')
param traceSampling string = '1'

@description('Further app settings by name, such as { TURNWISE_KEEP_CONVERSATIONS: \'365\' }: docs/configuration.md has them all. No secrets: everyone with read access to the deployment can read them. Secrets are refused by their names, and so are settings that an app on Flex Consumption may not have.')
param additionalSettings { *: string } = {}

@description('Days for which logs are kept. The first 31 are free.')
@minValue(30)
@maxValue(730)
param logRetentionDays int = 30

@description('Most that is logged in a day, in GB, from 1; -1 is no limit. Logs over the limit are lost, and so are the alerts on them.')
@minValue(-1)
param logDailyCapGB int = -1

@description('Address that alerts are mailed to. Empty: alerts are raised, and mailed to nobody.')
param alertEmail string = ''

@description('Whether an alert is raised when no sweep has been measured for a quarter of an hour. Set it to false if the app sends its telemetry elsewhere: the alert would be raised all the time.')
param sweepAlert bool = true

@description('Whether the resources write logs of their own to the workspace: what the Functions host says, who has written blobs, who has changed the Cosmos DB account.')
param diagnosticLogs bool = true

@description('Whether the storage account and Cosmos DB have public addresses, at which a token is needed for everything. With false, they are reached over private endpoints of yours only, from integrationSubnetId: docs/deploy.md has the order of steps. The app itself stays public, because channels have to reach it.')
param publicDataAccess bool = true

@description('Resource id of a subnet that the app sends all its traffic from: empty, with a delegation to Microsoft.App/environments, in the region of the app. Channels, the login service and Azure Monitor have to be reachable from it. Empty: the app uses no network of yours.')
param integrationSubnetId string = ''

@description('Object id of a person or group that may use "npx turnwise" on this environment: it reads and writes conversations. Empty: nobody.')
param operatorPrincipalId string = ''

@description('Kind of that principal.')
@allowed(['User', 'Group', 'ServicePrincipal'])
param operatorPrincipalType string = 'User'

// Settings that no app on Flex Consumption may have, in lower case: the host does not distinguish case. The first makes the host use keys
// instead of the identity, even when it is empty. The others are those that "Migrate Consumption plan apps to the Flex Consumption plan"
// (Azure Functions documentation) leaves behind: functionAppConfig or the deployment replaces them, or the plan does not use them.
var refusedSettings = [
  'azurewebjobsstorage'
  'enable_oryx_build'
  'functions_extension_version'
  'functions_max_http_concurrency'
  'functions_worker_dynamic_concurrency_enabled'
  'functions_worker_process_count'
  'functions_worker_runtime'
  'functions_worker_runtime_version'
  'scm_do_build_during_deployment'
  'website_contentazurefileconnectionstring'
  'website_contentovervnet'
  'website_contentshare'
  'website_dns_server'
  'website_max_dynamic_application_scale_out'
  'website_node_default_version'
  'website_run_from_package'
  'website_skip_contentshare_validation'
  'website_vnet_route_all'
]
var refusedOfThese = filter(objectKeys(additionalSettings), name => contains(refusedSettings, toLower(name)))

// Secrets that the app can read, in lower case. It needs none of them here: the bot is an identity, and so is the app to its store.
var secretSettings = ['certificateprivatekey', 'cosmos_key', 'microsoftapppassword']
var secretsOfThese = filter(objectKeys(additionalSettings), name => contains(secretSettings, toLower(name)))

// The host does not distinguish case, so an app with both spellings could get either value.
var ownInLowerCase = map(ownSettings, name => toLower(name))
var respelledOfThese = filter(
  objectKeys(additionalSettings),
  name => contains(ownInLowerCase, toLower(name)) && !contains(ownSettings, name)
)

func isFraction(text string) bool =>
  startsWith(text, '0.') && length(text) > 2 && length(text) <= 8 && empty(filter(
    range(2, length(text) - 2),
    index => !contains('0123456789', substring(text, index, 1))
  ))

// Values that a service, the host or the app would refuse, later and with less to say. No full stop at the end: Azure adds one.
var refusals = concat(
  cosmosAutoscaleMaxThroughput == 0 || (cosmosAutoscaleMaxThroughput >= 1000 && cosmosAutoscaleMaxThroughput % 1000 == 0)
    ? []
    : [
        'cosmosAutoscaleMaxThroughput is ${cosmosAutoscaleMaxThroughput}: use 0 for serverless, or 1000 and more in steps of 1000'
      ],
  max(alwaysReadyHttp, alwaysReadyTurns) <= maximumInstanceCount
    ? []
    : [
        'alwaysReadyHttp and alwaysReadyTurns may not be greater than maximumInstanceCount, which is ${maximumInstanceCount}'
      ],
  traceSampling == '0' || traceSampling == '1' || isFraction(traceSampling)
    ? []
    : ['traceSampling is ${traceSampling}: use 0, 1, or a fraction with up to six digits, such as 0.25'],
  logDailyCapGB == 0 ? ['logDailyCapGB is 0, which would log nothing: use -1 for no limit, or 1 and more'] : [],
  empty(alertEmail) || contains(alertEmail, '@') ? [] : ['alertEmail is ${alertEmail}, which is not an email address'],
  publicDataAccess || !empty(integrationSubnetId)
    ? []
    : [
        'publicDataAccess is false, and integrationSubnetId is empty: the app could not reach its data'
      ],
  empty(refusedOfThese)
    ? []
    : [
        'additionalSettings has ${join(refusedOfThese, ', ')}. Take it out: the app does not start with it, or Flex Consumption does not use it'
      ],
  empty(secretsOfThese)
    ? []
    : [
        'additionalSettings has a secret, ${join(secretsOfThese, ', ')}. Take it out: there are no secrets in a deployment, and the app is an identity'
      ],
  empty(respelledOfThese)
    ? []
    : [
        'additionalSettings has a setting of the template in other letters, ${join(respelledOfThese, ', ')}. Write it as infra/modules/function-app.bicep does'
      ]
)

// Different for every environment of the resource group, also where two names differ in case or in a character that is left out below.
// `uniqueString` distinguishes case, and the id of the resource group is spelled as Azure spells it.
var token = empty(refusals) ? uniqueString(resourceGroup().id, environmentName) : fail(join(refusals, '. '))

// The readable part of names. Only letters, digits and single hyphens between them are allowed in the names of all kinds of resources.
// Azure reserves two words: names with a public address may not have them even as a part.
var shortName = replace(replace(toLower(take(environmentName, 20)), 'microsoft', 'ms'), 'windows', 'win')
var characters = map(range(0, length(shortName)), index => substring(shortName, index, 1))
var allowedOrHyphen = map(characters, each => contains('abcdefghijklmnopqrstuvwxyz0123456789', each) ? each : '-')
var readableParts = filter(split(join(allowedOrHyphen, ''), '-'), part => !empty(part))
var suffix = join(concat(readableParts, [token]), '-')
var tags = { 'azd-env-name': environmentName }

// The bot to its channels, and the app to its storage: one app is both, and there is no secret for either.
module identity 'modules/identity.bicep' = {
  name: 'identity-${token}'
  params: {
    name: 'id-${suffix}'
    location: location
    tags: tags
  }
}

// A second one, for the package alone: what the app may do with its own identity does not include replacing itself.
module packageIdentity 'modules/package-identity.bicep' = {
  name: 'package-identity-${token}'
  params: {
    name: 'id-${suffix}-package'
    location: location
    tags: tags
  }
}

module monitoring 'modules/monitoring.bicep' = {
  name: 'monitoring-${token}'
  params: {
    workspaceName: 'log-${suffix}'
    componentName: 'appi-${suffix}'
    location: location
    tags: tags
    identityId: identity.outputs.id
    principalId: identity.outputs.principalId
    retentionDays: logRetentionDays
    dailyCapGB: logDailyCapGB
  }
}

var logWorkspaceId = diagnosticLogs ? monitoring.outputs.workspaceId : ''

module storage 'modules/storage.bicep' = {
  name: 'storage-${token}'
  params: {
    name: 'stor${token}'
    location: location
    tags: tags
    identityId: identity.outputs.id
    principalId: identity.outputs.principalId
    packageIdentityId: packageIdentity.outputs.id
    packagePrincipalId: packageIdentity.outputs.principalId
    isPublic: publicDataAccess
    workspaceId: logWorkspaceId
    operatorPrincipalId: operatorPrincipalId
    operatorPrincipalType: operatorPrincipalType
  }
}

module cosmos 'modules/cosmos.bicep' = {
  name: 'cosmos-${token}'
  params: {
    name: 'cosmos-${suffix}'
    location: location
    tags: tags
    identityId: identity.outputs.id
    principalId: identity.outputs.principalId
    operatorPrincipalId: operatorPrincipalId
    isPublic: publicDataAccess
    workspaceId: logWorkspaceId
    autoscaleMaxThroughput: cosmosAutoscaleMaxThroughput
  }
}

module functionApp 'modules/function-app.bicep' = {
  name: 'function-app-${token}'
  params: {
    name: 'func-${suffix}'
    planName: 'plan-${suffix}'
    location: location
    tags: tags
    identityId: identity.outputs.id
    packageIdentityId: packageIdentity.outputs.id
    integrationSubnetId: integrationSubnetId
    workspaceId: logWorkspaceId
    identityClientId: identity.outputs.clientId
    blobEndpoint: storage.outputs.blobEndpoint
    queueEndpoint: storage.outputs.queueEndpoint
    storageAccountName: storage.outputs.name
    packageContainer: storage.outputs.packageContainer
    cloudName: cloudName
    nodeVersion: nodeVersion
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
  name: 'bot-${token}'
  params: {
    name: 'bot-${suffix}'
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
  name: 'alerts-${token}'
  params: {
    namePrefix: 'turnwise-${suffix}'
    location: location
    tags: tags
    workspaceId: monitoring.outputs.workspaceId
    email: alertEmail
    sweepAlert: sweepAlert
  }
}

module workbook 'modules/workbook.bicep' = {
  name: 'workbook-${token}'
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
