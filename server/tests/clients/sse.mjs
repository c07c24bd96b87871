// graphql-sse with a connection for each operation: prints what a subscription hears until it has heard enough.
import { createClient } from 'graphql-sse';

const [url, count] = process.argv.slice(2);
const client = createClient({ url, singleConnection: false, retryAttempts: 0 });
const query = 'subscription { appointmentChanges(after: 0) { kind revision appointment { title } } }';
let heard = 0;
for await (const { data, errors } of client.iterate({ query })) {
  console.log(JSON.stringify(data?.appointmentChanges ?? { errors }));
  if (++heard === Number(count)) break;
}
client.dispose();
