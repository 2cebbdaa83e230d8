import t, { type Test } from 'tap';
import { FakeGateway, type FakeRun } from '../fake-gateway.ts';
import { FakeSurroundings } from '../fake-surroundings.ts';

const url = 'https://preview.test/_porthole/login/key?code=abc';

async function setUp(
  t: Test,
  {
    answer = { stdout: `${url}\n`, stderr: 'once\n', code: 0 },
    opens,
  }: { answer?: FakeRun; opens?: boolean } = {},
): Promise<{ user: FakeSurroundings; ran: string[]; opened: string[] }> {
  const ran: string[] = [];
  const opened: string[] = [];
  const gateway = await FakeGateway.start(t, {
    run: (command) => {
      ran.push(command);
      return answer;
    },
  });
  const user = new FakeSurroundings(t, {
    openUrl:
      opens === undefined
        ? undefined
        : (address) => {
            opened.push(address);
            return Promise.resolve(opens);
          },
  });
  user.addKey();
  user.env['PORTHOLE_SERVER'] = `ssh://127.0.0.1:${gateway.port}`;
  user.env['PORTHOLE_HOST_KEY'] = gateway.fingerprint;
  return { user, ran, opened };
}

t.test('the link is printed, and opened where there is a browser', async (t) => {
  const { user, ran, opened } = await setUp(t, { opens: true });
  t.equal(await user.run('login'), 0);
  t.same(ran, ['login']);
  t.same(user.stdout, [url]);
  t.match(user.stderr, ['once', /opened in your browser/]);
  t.same(opened, [url]);
});

t.test('not where nobody wants it, nor where there is none', async (t) => {
  const { user, opened } = await setUp(t, { opens: true });
  t.equal(await user.run('login', '--no-open'), 0);
  t.same(opened, []);
  const other = await setUp(t);
  t.equal(await other.user.run('login'), 0);
  t.same(other.user.stdout, [url]);
  t.same(other.user.stderr, ['once']);
});

t.test('a browser that does not open is told', async (t) => {
  const { user } = await setUp(t, { opens: false });
  t.equal(await user.run('login'), 0);
  t.match(user.stderr.at(-1), /open it yourself/);
});

t.test('as JSON nothing is opened', async (t) => {
  const { user, ran, opened } = await setUp(t, {
    answer: { stdout: `{"url":"${url}"}\n`, code: 0 },
    opens: true,
  });
  t.equal(await user.run('login', '--json'), 0);
  t.same(ran, ['login --json']);
  t.same(user.stdout, [`{"url":"${url}"}`]);
  t.same(opened, []);
});

t.test('who may not is told why', async (t) => {
  const answer = { stdout: '', stderr: 'porthole: login is for members\n', code: 3 };
  const { user, opened } = await setUp(t, { answer, opens: true });
  t.equal(await user.run('login'), 3);
  t.match(user.stderr, ['porthole: login is for members']);
  t.same(opened, []);
});
