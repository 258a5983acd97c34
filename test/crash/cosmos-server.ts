import { startCosmosGateway } from '../support/cosmos-gateway';

/* The Cosmos DB server of the crash test, in a process of its own, which ends with the harness. */

process.on('disconnect', () => process.exit());

void startCosmosGateway().then((gateway) => {
  process.send?.(gateway.endpoint);
  // What is kept for tests to look at would grow for ever.
  setInterval(() => gateway.requests.splice(0), 1_000);
});
