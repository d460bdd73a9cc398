"""Show which Ardoq is asked, with which token, and who Ardoq says is asking.

    python examples/me.py --host https://yourorg.ardoq.com --token ... [--org yourorg]

What is not given comes from ARDOQ_API_HOST, ARDOQ_API_TOKEN and ARDOQ_ORG_LABEL.
"""

import argparse
import sys

from ardoqpy import API, ArdoqClientException


def main() -> int:
    """Ask, print, and return 0; or print in one sentence what is wrong, and return 1."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument("--host", help="such as https://yourorg.ardoq.com")
    parser.add_argument("--org", help="the organisation's label, needed on app.ardoq.com")
    parser.add_argument("--token", help="better given in ARDOQ_API_TOKEN, where no process list shows it")
    given = parser.parse_args()
    try:
        with API(given.host, given.token, given.org) as ardoq:
            print(f"host:  {ardoq.ardoq_api_host}")
            print(f"org:   {ardoq.ardoq_org_label or '(the host says it)'}")
            print(f"token: ...{ardoq.ardoq_api_token[-4:]}")
            me = ardoq.me()
    except ArdoqClientException as problem:
        print(problem, file=sys.stderr)
        return 1
    print(f"you:   {me['user']['email']} of {me['org']['name']} ({me['org']['label']})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
