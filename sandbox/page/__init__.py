"""The one page of the sandbox: the shopper's chat, the admin's chat, the wallet.

Plain HTML, CSS and JavaScript modules, loaded from this server alone.
"""
