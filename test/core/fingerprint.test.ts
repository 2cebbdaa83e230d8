import t from 'tap';
import { fingerprint } from '../../core/fingerprint.ts';

// ssh-keygen -lf prints this for github.com's published Ed25519 host key.
const blob = Buffer.from('AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl', 'base64');

t.test('as OpenSSH prints it', (t) => {
  t.equal(fingerprint(blob), 'SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU');
  t.end();
});
