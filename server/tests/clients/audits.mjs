// Runs all GraphQL-over-HTTP audits of graphql-http against a URL, and prints a line of JSON for each.
import { auditServer } from 'graphql-http';

for (const { id, name, status, reason } of await auditServer({ url: process.argv[2] })) {
  console.log(JSON.stringify({ id, name, status, reason }));
}
