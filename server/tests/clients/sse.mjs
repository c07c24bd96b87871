// Subscribes with graphql-sse, one connection per operation, and prints the given number of events.
import { createClient } from 'graphql-sse';

const [url, count] = process.argv.slice(2);
const client = createClient({ url, singleConnection: false, retryAttempts: 0 });
const query = 'subscription { appointmentChanges(after: 0) { kind revision appointment { title } } }';
let received = 0;
for await (const { data, errors } of client.iterate({ query })) {
  console.log(JSON.stringify(data?.appointmentChanges ?? { errors }));
  if (++received === Number(count)) break;
}
client.dispose();
