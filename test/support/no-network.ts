/** For unit tests: whatever asks for an address outside this machine fails at once. */
import nock from 'nock'

nock.disableNetConnect()
nock.enableNetConnect(/^(127\.\d+\.\d+\.\d+|localhost|\[?::1\]?)(:\d+)?$/)
