// What the linter holds: typescript-eslint's strict rules with type information, and the import direction
// main -> server.ts -> edges -> routing -> tunnel -> core. (test/architecture.test.ts holds the same for whole paths.)
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

const edges = ['ingress', 'gate', 'console', 'admin', 'ssh', 'login'];
const support = ['access', 'identity', 'store', 'metrics', 'oidc', 'pages', 'targets'];
const speaksSsh2 = ['server/ssh', 'server/tunnel', 'client'];

/** An import that climbs out of its own folder and into one of `folders`. */
const upInto = (folders, reason) => ({ regex: `^(\\.\\./)+(${folders.join('|')})/`, message: reason });
const compositionRoot = {
  regex: '^(\\.\\./)+(server/)?(server|main)\\.ts$',
  message: 'Nothing imports the composition root; declare the interface that you need.',
};

const noClient = upInto(['client'], 'server/ and client/ share only core/.');

/** What a folder of server/ may not import besides what none of them may. */
const inServer = (folders, reason) => [upInto(folders, reason), compositionRoot, noClient];
const edgeReason =
  'Edges never import each other, nor the whole config: declare the interface that you need.';
const supportReason = 'What would point up is an interface.';

/** What each folder may not import. Folders that are not named here are free. */
const forbidden = {
  core: [upInto(['tls', 'server', 'client'], 'core/ imports nothing of ours.')],
  tls: [upInto(['server', 'client'], 'tls/ imports only core/.')],
  client: [upInto(['server', 'tls'], 'client/ shares only core/ with the server.')],
  'server/config': inServer(
    [...edges, ...support, 'routing', 'tunnel'],
    'config/ imports only tls/ and core/.',
  ),
  'server/routing': inServer([...edges, 'config'], 'routing/ knows nothing of the edges or the config.'),
  'server/tunnel': inServer([...edges, ...support, 'routing', 'config'], 'tunnel/ imports only core/.'),
};
for (const edge of edges) {
  const others = edges.filter((other) => other !== edge);
  forbidden[`server/${edge}`] = inServer([...others, 'config'], edgeReason);
}
for (const folder of support) forbidden[`server/${folder}`] = inServer([...edges, 'config'], supportReason);

const ssh2 = { name: 'ssh2', message: 'ssh2 is imported only where SSH is spoken.' };
const directions = Object.entries(forbidden).map(([folder, patterns]) => ({
  name: `direction/${folder}`,
  files: [`${folder}/**/*.ts`],
  rules: {
    '@typescript-eslint/no-restricted-imports': [
      'error',
      { patterns, paths: speaksSsh2.includes(folder) ? [] : [ssh2] },
    ],
  },
}));

export default defineConfig(
  globalIgnores(['dist/', 'coverage/', '.tap/', '**/node_modules/']),
  { name: 'exceptions that are no longer needed', linterOptions: { reportUnusedDisableDirectives: 'error' } },
  tseslint.configs.strictTypeChecked,
  tseslint.configs.stylisticTypeChecked,
  {
    name: 'sources',
    files: ['**/*.ts'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      eqeqeq: 'error',
      'no-cond-assign': 'error',
      'no-constant-binary-expression': 'error',
      'no-control-regex': 'off',
      'no-duplicate-imports': ['error', { allowSeparateTypeImports: true }],
      'no-promise-executor-return': ['error', { allowVoid: true }],
      'no-self-assign': 'error',
      'no-template-curly-in-string': 'error',
      'no-unreachable-loop': 'error',
      'no-unsafe-finally': 'error',
      'no-unsafe-optional-chaining': 'error',
      'no-useless-escape': 'error',
      'no-var': 'error',
      'object-shorthand': 'error',
      'prefer-const': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true, requireDefaultForNonUnion: false },
      ],
      // Numbers in messages are what they look like.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // `() => socket.destroy()` says more than braces around it.
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-unnecessary-condition': [
        'error',
        { allowConstantLoopConditions: 'only-allowed-literals' },
      ],
      // Texts here are names, paths and protocol words; a code point is the right unit.
      '@typescript-eslint/no-misused-spread': ['error', { allow: ['string'] }],
      // `!` is banned; where an index is known to be in range, `as number` says so.
      '@typescript-eslint/non-nullable-type-assertion-style': 'off',
      // An 'error' listener may have nothing to do: 'close' follows and tells the reason.
      '@typescript-eslint/no-empty-function': ['error', { allow: ['arrowFunctions'] }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
    },
  },
  {
    name: 'sources that log instead of printing',
    files: ['core/**/*.ts', 'tls/**/*.ts', 'server/**/*.ts'],
    rules: { 'no-console': 'error' },
  },
  {
    name: 'ssh2 where SSH is spoken',
    files: ['core/**/*.ts', 'tls/**/*.ts', 'server/**/*.ts'],
    ignores: speaksSsh2.map((folder) => `${folder}/**`),
    rules: { '@typescript-eslint/no-restricted-imports': ['error', { paths: [ssh2] }] },
  },
  {
    name: 'direction/server',
    files: ['server/*.ts'],
    rules: { '@typescript-eslint/no-restricted-imports': ['error', { patterns: [noClient], paths: [ssh2] }] },
  },
  ...directions,
  {
    name: 'tests and the benchmark',
    files: ['test/**/*.ts', 'bench/**/*.ts'],
    rules: {
      // A parsed answer or a faked part is `any` until an assertion has looked at it.
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      // Test functions are async by custom, whether they wait or not.
      '@typescript-eslint/require-await': 'off',
      // tap itself waits for its subtests.
      '@typescript-eslint/no-floating-promises': [
        'error',
        {
          allowForKnownSafePromises: [
            { from: 'package', name: 'PromiseWithSubtest', package: '@tapjs/core' },
          ],
        },
      ],
    },
  },
  {
    name: 'no test is narrowed or skipped',
    files: ['test/**/*.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector: 'CallExpression[callee.object.name=/^tt?$/][callee.property.name=/^(only|skip|todo)$/]',
          message: 'Every test runs.',
        },
        {
          selector: "CallExpression[callee.property.name='test'] Property[key.name=/^(only|skip|todo)$/]",
          message: 'Every test runs.',
        },
      ],
    },
  },
  {
    name: 'scripts in plain JavaScript',
    files: ['**/*.mjs'],
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: { globals: { process: 'readonly', console: 'readonly', URL: 'readonly' } },
  },
);
