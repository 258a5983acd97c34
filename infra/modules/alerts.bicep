@description('Beginning of the names of the alerts.')
param namePrefix string

@description('Region of the alerts: that of the workspace.')
param location string

@description('Tags of the alerts.')
param tags object

@description('Resource id of the workspace that has the logs.')
param workspaceId string

@description('Address that alerts are mailed to; empty for none.')
param email string

// Turnwise logs one line per event, "turnwise <event> <field>=<value> …": src/runtime/events.ts has their names.
var rules = [
  {
    name: 'dead-letters'
    description: 'Something was given up after its last attempt, and nobody has answered. docs/operate.md: dead letters.'
    severity: 2
    query: '''
AppTraces
| where Message startswith "turnwise deadLettered " or Message startswith "turnwise deliveryDead "
| where Message !has "code=Rejected403"
'''
    window: 'PT5M'
    threshold: 0
    failingPeriods: 1
    periods: 1
  }
  {
    name: 'oldest-waiting-turn'
    description: 'For several minutes the sweep has found conversations that nobody attended to. docs/operate.md: the oldest waiting turn.'
    severity: 1
    query: '''
AppTraces
| where Message startswith "turnwise swept "
'''
    window: 'PT5M'
    threshold: 2
    failingPeriods: 2
    periods: 2
  }
  {
    name: 'failed-turns'
    description: 'Handlers keep failing. docs/operate.md: failed turns.'
    severity: 2
    query: '''
AppTraces
| where Message startswith "turnwise attemptFailed "
'''
    window: 'PT15M'
    threshold: 10
    failingPeriods: 1
    periods: 1
  }
  {
    name: 'messages-5xx'
    description: 'The messaging endpoint answers with errors of its own: activities are not accepted. docs/operate.md: 5xx on messages.'
    severity: 1
    query: '''
AppRequests
| where OperationName == "messages" and toint(ResultCode) >= 500
'''
    window: 'PT5M'
    threshold: 5
    failingPeriods: 1
    periods: 1
  }
]

resource mails 'Microsoft.Insights/actionGroups@2023-01-01' = if (!empty(email)) {
  name: '${namePrefix}-mail'
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: 'turnwise'
    emailReceivers: [{ name: 'operator', emailAddress: email, useCommonAlertSchema: true }]
  }
}

resource alerts 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for rule in rules: {
    name: '${namePrefix}-${rule.name}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: '${namePrefix}: ${rule.name}'
      description: rule.description
      severity: rule.severity
      enabled: true
      scopes: [workspaceId]
      evaluationFrequency: 'PT5M'
      windowSize: rule.window
      autoMitigate: true
      // The tables are there only once something has been logged.
      skipQueryValidation: true
      criteria: {
        allOf: [
          {
            query: rule.query
            timeAggregation: 'Count'
            operator: 'GreaterThan'
            threshold: rule.threshold
            failingPeriods: {
              minFailingPeriodsToAlert: rule.failingPeriods
              numberOfEvaluationPeriods: rule.periods
            }
          }
        ]
      }
      actions: { actionGroups: empty(email) ? [] : [mails.id] }
    }
  }
]
