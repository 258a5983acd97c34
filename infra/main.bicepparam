using './main.bicep'

// azd sets the first; the others are what `azd env set` or the shell says. What is not named here has its default in main.bicep.
param environmentName = readEnvironmentVariable('AZURE_ENV_NAME', 'dev')
param alertEmail = readEnvironmentVariable('ALERT_EMAIL', '')
param operatorPrincipalId = readEnvironmentVariable('OPERATOR_PRINCIPAL_ID', '')
