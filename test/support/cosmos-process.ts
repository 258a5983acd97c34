import { startCosmosGateway } from './cosmos-gateway';

/** A Cosmos DB server in a process of its own: writes its address to its output and runs until it is ended. */
startCosmosGateway().then(({ endpoint }) => process.stdout.write(`${endpoint}\n`));
