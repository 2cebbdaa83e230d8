import t from 'tap';
import { defaultPrincipal, publicIssuer } from '../../../server/oidc/public-issuers.ts';

t.equal(publicIssuer('https://token.actions.githubusercontent.com')?.name, 'GitHub Actions');
t.equal(publicIssuer('https://gitlab.com')?.name, 'GitLab CI');
t.equal(publicIssuer('https://gitlab.example.com'), undefined);
t.equal(publicIssuer('constructor'), undefined);

const github = 'https://token.actions.githubusercontent.com';
t.equal(defaultPrincipal(github, 'a'), `github:\${repository}`);
t.equal(defaultPrincipal(`${github}/acme`, 'a'), `github:\${repository}`, 'the issuer of an enterprise');
t.equal(defaultPrincipal(`${github}.evil.test`, 'a'), `oidc:a:\${sub}`);
t.equal(defaultPrincipal('https://gitlab.com', 'a'), `gitlab:\${project_path}`);
t.equal(defaultPrincipal('https://gitlab.example.com', 'a'), `oidc:a:\${sub}`);
