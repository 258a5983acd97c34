import { type Answer, type Bench, type Group, type RequestRow, row } from './rows';

const NOT_CLAIMED: Answer = [403, 'ServiceUrlNotClaimed'];
const NOT_TRUSTED: Answer = [403, 'ServiceUrlNotTrusted'];
const NO_ADDRESS: Answer = [400, 'ServiceUrlRefused'];
const NOT_ENDORSED: Answer = [403, 'ChannelNotEndorsed'];
const WRONG_KIND: Answer = [400, 'FieldRefused'];

/** An activity that says something else than its token. */
const says = (what: string, changes: (bench: Bench) => Record<string, unknown>, answer: Answer): RequestRow =>
  row(what, answer, (bench) => ({ body: bench.activity(changes(bench)) }));

/** A service URL that token and activity agree on. */
const both = (what: string, serviceUrl: string, answer: Answer = NOT_TRUSTED): RequestRow =>
  row(what, answer, (bench) => ({
    headers: { authorization: bench.claims({ serviceurl: serviceUrl }) },
    body: bench.activity({ serviceUrl }),
  }));

/** Where replies, and with them the bot's token, would go: names that look like those of channels, and texts that readers read differently. */
const LURES: readonly RequestRow[] = [
  both('somebody else', 'https://evil.example/teams/'),
  both("a channel's name as the beginning of another", 'https://smba.trafficmanager.net.evil.example/teams/'),
  both("a channel's name as the end of another", 'https://evil-smba.trafficmanager.net/teams/'),
  both('a neighbour in Traffic Manager', 'https://evil.trafficmanager.net/'),
  both("a name below a channel's in Traffic Manager", 'https://evil.smba.trafficmanager.net/'),
  both('a zone without its dot', 'https://evilbotframework.com/'),
  both('a zone as the beginning of a name', 'https://botframework.com.evil.example/'),
  both('a zone alone', 'https://botframework.com/'),
  both('an empty label before a zone', 'https://.botframework.com/'),
  both('two dots before a zone', 'https://slack..botframework.com/'),
  both('a label with an underscore', 'https://sl_ack.botframework.com/'),
  both('an app of Azure', 'https://smba-teams.azurewebsites.net/'),
  both('a name with a dot at its end', 'https://smba.trafficmanager.net./teams/'),
  both('user information that looks like a host', 'https://smba.trafficmanager.net@evil.example/teams/'),
  both('user information before the right host', 'https://user:secret@smba.trafficmanager.net/teams/'),
  both('another port', 'https://smba.trafficmanager.net:8443/teams/'),
  both('port zero', 'https://smba.trafficmanager.net:0/teams/'),
  both('a port that is none', 'https://smba.trafficmanager.net:99999/teams/', NO_ADDRESS),
  both('plain http', 'http://smba.trafficmanager.net/teams/'),
  both('another scheme', 'ws://smba.trafficmanager.net/teams/', NO_ADDRESS),
  both('a script', 'javascript://smba.trafficmanager.net/%0aalert(1)', NO_ADDRESS),
  both('a file', 'file://smba.trafficmanager.net/etc/passwd', NO_ADDRESS),
  both('no slashes', 'https:smba.trafficmanager.net/teams/'),
  both('no scheme', '//smba.trafficmanager.net/teams/', NO_ADDRESS),
  both('backslashes', 'https:\\\\smba.trafficmanager.net\\teams\\'),
  both('a backslash before an at sign', 'https://evil.example\\@smba.trafficmanager.net/'),
  both('a hash before an at sign', 'https://evil.example#@smba.trafficmanager.net/'),
  both('a query before an at sign', 'https://evil.example?@smba.trafficmanager.net/'),
  both('a query', 'https://smba.trafficmanager.net/teams/?to=https://evil.example'),
  both('a fragment', 'https://smba.trafficmanager.net/teams/#evil.example'),
  both('a name with an encoded dot', 'https://smba.trafficmanager.net%2eevil.example/'),
  both('a name with an encoded letter', 'https://%73mba.trafficmanager.net/'),
  both('a name with an encoded zero byte', 'https://smba.trafficmanager.net%00.evil.example/', NO_ADDRESS),
  both('a line break', 'https://smba.trafficmanager.net\n.evil.example/'),
  both('a tab in the name', 'https://smba.traffic\tmanager.net/teams/'),
  both('a blank before', ' https://smba.trafficmanager.net/teams/'),
  both('a letter that looks the same', 'https://smba.trafficmanag\u0435r.net/teams/'),
  both('a name in Punycode', 'https://xn--smba-trafficmanagr-0bj.net/teams/'),
  both('a Punycode label that is none', 'https://xn--.botframework.com/'),
  both('dots of another script', 'https://smba\u3002trafficmanager\u3002net/teams/'),
  both('letters of full width', 'https://\uff53\uff4d\uff42\uff41.trafficmanager.net/teams/'),
  both('a letter that another case makes of two', 'https://sla\u212a.botframework.com/'),
  both('a soft hyphen', 'https://smba.traffic\u00admanager.net/teams/'),
  both("the platform's own address", 'http://169.254.169.254/metadata/identity/oauth2/token'),
  both('the private network', 'https://10.0.0.1/'),
  both('every address of this machine', 'http://0.0.0.0:8080/'),
  both('this machine in IPv6, as IPv4', 'http://[::ffff:127.0.0.1]:8080/'),
  both('this machine as a number', 'http://2130706433:8080/'),
  both('this machine in hexadecimal digits', 'http://0x7f.0.0.1:8080/'),
  both('this machine in octal digits', 'http://0177.0.0.1:8080/'),
  both('this machine in short', 'http://127.1:8080/'),
  both('this machine as the beginning of a name', 'http://127.0.0.1.evil.example/'),
  both('localhost as the beginning of a name', 'http://localhost.evil.example/'),
  both('localhost with a dot at its end', 'http://localhost.:8080/'),
  both('another address of IPv6', 'http://[::2]:8080/'),
  both('an address of 3,000 characters', `https://smba.trafficmanager.net/${'a'.repeat(3_000)}`),
];

export const CLAIM_GROUPS: readonly Group<RequestRow>[] = [
  {
    name: 'service URL against the token',
    rows: [
      says('another path', ({ connector }) => ({ serviceUrl: `${connector.url}emea/` }), NOT_CLAIMED),
      says('another host', () => ({ serviceUrl: 'https://evil.example/teams/' }), NOT_CLAIMED),
      says('none', () => ({ serviceUrl: undefined }), NOT_CLAIMED),
      says('an empty one', () => ({ serviceUrl: '' }), NOT_CLAIMED),
      says('null', () => ({ serviceUrl: null }), NOT_CLAIMED),
      says('zero', () => ({ serviceUrl: 0 }), WRONG_KIND),
      says('a list', ({ connector }) => ({ serviceUrl: [connector.url] }), WRONG_KIND),
      says('an object', ({ connector }) => ({ serviceUrl: { href: connector.url } }), WRONG_KIND),
      says('two slashes at its end', ({ connector }) => ({ serviceUrl: `${connector.url}/` }), NOT_CLAIMED),
      says('a blank at its end', ({ connector }) => ({ serviceUrl: `${connector.url} ` }), NOT_CLAIMED),
      says('with a query', ({ connector }) => ({ serviceUrl: `${connector.url}?x` }), NOT_CLAIMED),
      says(
        'under another name',
        ({ connector }) => ({ serviceUrl: undefined, serviceurl: connector.url }),
        NOT_CLAIMED,
      ),
      row('twice, the second elsewhere', NOT_CLAIMED, (bench) => ({
        body: JSON.stringify(bench.activity()).replace(/}$/, ',"serviceUrl":"https://evil.example/"}'),
      })),
      row('twice, the second elsewhere and escaped', NOT_CLAIMED, (bench) => ({
        body: JSON.stringify(bench.activity()).replace(/}$/, ',"service\\u0055rl":"https://evil.example/"}'),
      })),
      row('a token of another service', NOT_CLAIMED, (bench) => ({
        headers: { authorization: bench.claims({ serviceurl: 'https://smba.trafficmanager.net/teams/' }) },
      })),
      row('a slash in the token and nothing in the activity', NOT_TRUSTED, (bench) => ({
        headers: { authorization: bench.claims({ serviceurl: '/' }) },
        body: bench.activity({ serviceUrl: '' }),
      })),
    ],
  },
  { name: 'service URL in token and activity', rows: LURES },
  {
    name: 'channel against the signing key',
    rows: [
      says('another channel', () => ({ channelId: 'msteams' }), NOT_ENDORSED),
      says('none', () => ({ channelId: undefined }), [400, 'ChannelMissing']),
      says('an empty one', () => ({ channelId: '' }), [400, 'ChannelMissing']),
      says('null', () => ({ channelId: null }), [400, 'ChannelMissing']),
      says('zero', () => ({ channelId: 0 }), WRONG_KIND),
      says('a list', () => ({ channelId: ['test'] }), WRONG_KIND),
      says('a blank', () => ({ channelId: ' ' }), NOT_ENDORSED),
      says('in capitals', () => ({ channelId: 'TEST' }), NOT_ENDORSED),
      says('a blank after', () => ({ channelId: 'test ' }), NOT_ENDORSED),
      says('an inherited name', () => ({ channelId: 'constructor' }), NOT_ENDORSED),
      says('a character of no width', () => ({ channelId: 'te\u200bst' }), NOT_ENDORSED),
      says('the Emulator', () => ({ channelId: 'emulator' }), NOT_ENDORSED),
      row('twice, the second not endorsed', NOT_ENDORSED, (bench) => ({
        body: JSON.stringify(bench.activity()).replace(/}$/, ',"channelId":"msteams"}'),
      })),
      row('signed by a key that endorses nothing readable', NOT_ENDORSED, (bench) => ({
        headers: {
          authorization: `Bearer ${bench.login.token({}, { kid: bench.muddledKey.kid }, bench.muddledKey)}`,
        },
      })),
    ],
  },
];
