@description('Name under which people see the dashboard.')
param displayName string

@description('Region of the dashboard.')
param location string

@description('Tags of the dashboard.')
param tags { *: string }

@description('Resource id of the Application Insights component that has the telemetry.')
param componentId string

@description('Resource id of the Cosmos DB account.')
param cosmosAccountId string

var content = loadTextContent('../workbook.json')

// Is it healthy, why was that reply late, what did it cost?
resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(resourceGroup().id, componentId, 'turnwise')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: displayName
    category: 'workbook'
    sourceId: componentId
    serializedData: replace(replace(content, 'COSMOS_ACCOUNT_ID', cosmosAccountId), 'COMPONENT_ID', componentId)
  }
}
