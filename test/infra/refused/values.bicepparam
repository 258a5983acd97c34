// cosmosAutoscaleMaxThroughput is 400: use 0 for serverless, or 1000 and more in steps of 1000.
// alwaysReadyHttp and alwaysReadyTurns may not be greater than maximumInstanceCount, which is 2.
// traceSampling is 50%: use 0, 1, or a fraction with up to six digits, such as 0.25.
// logDailyCapGB is 0, which would log nothing: use -1 for no limit, or 1 and more.
// alertEmail is nobody, which is not an email address.
// additionalSettings has azureWebJobsStorage, Enable_Oryx_Build, FUNCTIONS_WORKER_RUNTIME. Take it out: the app does not start with it, or Flex Consumption does not use it.
// additionalSettings has a secret, CertificatePrivateKey, COSMOS_KEY, microsoftAppPassword. Take it out: there are no secrets in a deployment, and the app is an identity.
// additionalSettings has a setting of the template in other letters, cosmos_endpoint. Write it as infra/modules/function-app.bicep does.
using '../../../infra/main.bicep'

param environmentName = 'dev'
param cloudName = 'AzureCloud'
param cosmosAutoscaleMaxThroughput = 400
param maximumInstanceCount = 2
param alwaysReadyTurns = 3
param traceSampling = '50%'
param logDailyCapGB = 0
param alertEmail = 'nobody'
param additionalSettings = {
  azureWebJobsStorage: ''
  Enable_Oryx_Build: 'false'
  FUNCTIONS_WORKER_RUNTIME: 'node'
  microsoftAppPassword: 'none'
  CertificatePrivateKey: 'none'
  COSMOS_KEY: 'none'
  cosmos_endpoint: 'https://example.org'
  COSMOS_DATABASE: 'another'
}
