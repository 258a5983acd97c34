// cosmosAutoscaleMaxThroughput is 400: use 0 for serverless, or 1000 and more in steps of 1000.
// alwaysReadyHttp and alwaysReadyTurns may not be greater than maximumInstanceCount, which is 2.
// traceSampling is 50%: use 0, 1, or a fraction with up to six digits, such as 0.25.
// logDailyCapGB is 0, which would log nothing: use -1 for no limit, or 1 and more.
// alertEmail is nobody, which is not an email address.
// additionalSettings has azureWebJobsStorage, FUNCTIONS_WORKER_RUNTIME. Take it out: the app does not start with it, or the service refuses it.
using '../../../infra/main.bicep'

param environmentName = 'dev'
param cloudName = 'AzureCloud'
param cosmosAutoscaleMaxThroughput = 400
param maximumInstanceCount = 2
param alwaysReadyTurns = 3
param traceSampling = '50%'
param logDailyCapGB = 0
param alertEmail = 'nobody'
param additionalSettings = { azureWebJobsStorage: '', FUNCTIONS_WORKER_RUNTIME: 'node' }
