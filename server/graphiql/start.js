// Begins with what the address asks (?query=…), or with something that shows something.
const first = `# The default calendar's next appointments. Run it: Ctrl-Enter.
query Next {
  calendar {
    name
    appointmentsInRange(range: { start: "NOW", end: "THEN" }) {
      revision
      appointments {
        title
        startsAt
        endsAt
      }
    }
  }
}

# Every change from the beginning on, and every one to come.
subscription Changes {
  appointmentChanges(after: 0) {
    kind
    revision
    appointment {
      title
    }
    deletedAppointmentId
  }
}
`;

const at = (days) => new Date(Date.now() + days * 86400000).toISOString().slice(0, 11) + '00:00:00Z';
const asked = new URLSearchParams(location.search).get('query');
const socket = `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/graphql`;
const fetcher = GraphiQL.createFetcher({ url: '/graphql', subscriptionUrl: socket });
const query = asked ?? first.replace('NOW', at(0)).replace('THEN', at(28));
const graphiql = React.createElement(GraphiQL, { fetcher, defaultQuery: query, ...(asked && { initialQuery: asked }) });
ReactDOM.createRoot(document.getElementById('graphiql')).render(graphiql);
