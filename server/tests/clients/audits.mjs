// Every audit of GraphQL over HTTP that graphql-http has, against the address that is given; a line of JSON for each.
import { auditServer } from 'graphql-http';

for (const { id, name, status, reason } of await auditServer({ url: process.argv[2] })) {
  console.log(JSON.stringify({ id, name, status, reason }));
}
