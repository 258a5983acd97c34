@description('Name of the Azure Bot.')
@minLength(4)
@maxLength(42)
param name string

@description('Name under which people see the bot.')
param displayName string

@description('Tags of the bot.')
param tags { *: string }

@description('Pricing tier.')
param sku string

@description('Where channels post activities.')
param endpoint string

@description('Resource id of the identity that the bot is.')
param identityId string

@description('Client id of that identity.')
param identityClientId string

@description('Whether there is a Teams channel.')
param teams bool

@description('Whether there is a Web Chat channel.')
param webChat bool

@description('Whether there is a Direct Line channel.')
param directLine bool

resource bot 'Microsoft.BotService/botServices@2022-09-15' = {
  name: name
  location: 'global'
  tags: tags
  kind: 'azurebot'
  sku: { name: sku }
  properties: {
    displayName: displayName
    endpoint: endpoint
    msaAppType: 'UserAssignedMSI'
    msaAppId: identityClientId
    msaAppMSIResourceId: identityId
    msaAppTenantId: tenant().tenantId
  }
}

resource teamsChannel 'Microsoft.BotService/botServices/channels@2022-09-15' = if (teams) {
  parent: bot
  name: 'MsTeamsChannel'
  location: 'global'
  properties: {
    channelName: 'MsTeamsChannel'
    properties: { isEnabled: true, acceptedTerms: true }
  }
}

resource webChatChannel 'Microsoft.BotService/botServices/channels@2022-09-15' = if (webChat) {
  parent: bot
  name: 'WebChatChannel'
  location: 'global'
  properties: {
    channelName: 'WebChatChannel'
    properties: { sites: [{ siteName: 'Default Site', isEnabled: true }] }
  }
}

resource directLineChannel 'Microsoft.BotService/botServices/channels@2022-09-15' = if (directLine) {
  parent: bot
  name: 'DirectLineChannel'
  location: 'global'
  properties: {
    channelName: 'DirectLineChannel'
    properties: { sites: [{ siteName: 'Default Site', isEnabled: true, isV1Enabled: false, isV3Enabled: true }] }
  }
}

@description('Name of the Azure Bot.')
output name string = bot.name
