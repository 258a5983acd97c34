/*
 * The project's own compiled functions, unchanged, for several runners that share one store: a runner insists on a data folder of its
 * own, and tells the app about it in TURNWISE_DATA.
 */
process.env.TURNWISE_DATA = process.env.E2E_STORE;

for (const name of ['health', 'messages', 'sweep', 'turns']) require(`../../../../../dist/functions/${name}.js`);
