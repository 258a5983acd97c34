@description('Beginning of the names of the alerts.')
param namePrefix string

@description('Region of the alerts: that of the workspace.')
param location string

@description('Tags of the alerts.')
param tags { *: string }

@description('Resource id of the workspace that has the logs.')
param workspaceId string

@description('Address that alerts are mailed to; empty for none.')
param email string

@description('Whether an alert is raised when no sweep is measured.')
param sweepAlert bool

// The metrics are those of src/runtime/telemetry.ts: all of them are sent, whatever is sampled, and counters as what was added.
var rules = [
  {
    name: 'dead-letters'
    description: 'Something was given up after its last attempt, and nobody has answered. docs/operate.md: dead letters.'
    severity: 2
    query: '''
AppMetrics
| where Name == "turnwise.dead_letters" and tostring(Properties["turnwise.code"]) != "Rejected403"
'''
    column: 'Sum'
    aggregation: 'Total'
    operator: 'GreaterThan'
    threshold: 0
    window: 'PT5M'
    failingPeriods: 1
    periods: 1
  }
  {
    name: 'oldest-waiting-turn'
    description: 'Somebody has been waiting for an answer for more than two minutes. docs/operate.md: the oldest waiting turn.'
    severity: 1
    query: '''
AppMetrics
| where Name == "turnwise.backlog.oldest"
'''
    // A gauge is sent as single values, each its own sum.
    column: 'Sum'
    aggregation: 'Maximum'
    operator: 'GreaterThan'
    threshold: 120
    window: 'PT5M'
    failingPeriods: 2
    periods: 2
  }
  {
    name: 'failed-turns'
    description: 'Handlers keep failing. docs/operate.md: failed turns.'
    severity: 2
    query: '''
AppMetrics
| where Name == "turnwise.attempts.failed"
'''
    column: 'Sum'
    aggregation: 'Total'
    operator: 'GreaterThan'
    threshold: 10
    window: 'PT15M'
    failingPeriods: 1
    periods: 1
  }
  {
    name: 'messages-5xx'
    description: 'The messaging endpoint answers with errors of its own: activities are not accepted. docs/operate.md: 5xx on messages.'
    severity: 1
    // Requests as the host records them. An app that does not start has no function of this name: the host answers 404 or 503 by itself,
    // and records neither here. The next rule sees such an app.
    query: '''
AppRequests
| where OperationName == "messages" and Name == "messages" and toint(ResultCode) >= 500
'''
    column: 'ItemCount'
    aggregation: 'Total'
    operator: 'GreaterThan'
    threshold: 5
    window: 'PT5M'
    failingPeriods: 1
    periods: 1
  }
  {
    name: 'refusals'
    description: 'The messaging endpoint turns many requests away. docs/operate.md: refusals.'
    severity: 3
    query: '''
AppMetrics
| where Name == "turnwise.activities" and tostring(Properties["turnwise.outcome"]) == "refused"
'''
    column: 'Sum'
    aggregation: 'Total'
    operator: 'GreaterThan'
    threshold: 100
    window: 'PT15M'
    failingPeriods: 1
    periods: 1
  }
  {
    name: 'no-sweep'
    description: 'The app has not swept for a quarter of an hour: it does not start, its timers have stopped, or it cannot send telemetry. docs/operate.md: no sweep.'
    severity: 1
    // Each sweep measures this once, whether anything was overdue or not. The service counts the rows of the query itself, and a query
    // without a row counts 0. A query with a count of its own would have one row for the service to count ("Optimize log search alert
    // queries", Azure Monitor documentation), and an aggregation of a column has no value where there is no row.
    query: '''
AppMetrics
| where Name == "turnwise.overdue"
'''
    column: ''
    aggregation: 'Count'
    operator: 'LessThan'
    threshold: 1
    window: 'PT15M'
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

resource alerts 'Microsoft.Insights/scheduledQueryRules@2026-03-01' = [
  for rule in rules: {
    name: '${namePrefix}-${rule.name}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: '${namePrefix}: ${rule.name}'
      description: rule.description
      severity: rule.severity
      // A rule that is left out would stay where an earlier deployment made it.
      enabled: rule.name != 'no-sweep' || sweepAlert
      scopes: [workspaceId]
      evaluationFrequency: 'PT5M'
      windowSize: rule.window
      autoMitigate: true
      // The tables are there only once something has been logged.
      skipQueryValidation: true
      criteria: {
        allOf: [
          // A rule that counts rows has no column, and an empty name would be one.
          union(
            {
              query: rule.query
              timeAggregation: rule.aggregation
              operator: rule.operator
              threshold: rule.threshold
              failingPeriods: {
                minFailingPeriodsToAlert: rule.failingPeriods
                numberOfEvaluationPeriods: rule.periods
              }
            },
            empty(rule.column) ? {} : { metricMeasureColumn: rule.column }
          )
        ]
      }
      actions: { actionGroups: empty(email) ? [] : [mails.id] }
    }
  }
]
