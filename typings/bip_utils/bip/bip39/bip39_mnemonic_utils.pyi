"""The word list of BIP 39, which bip_utils does not export at its top."""

from bip_utils import Bip39Languages

class MnemonicWordsList:
    def GetWordIdx(self, word: str) -> int: ...

class Bip39WordsListGetter:
    @classmethod
    def Instance(cls) -> Bip39WordsListGetter: ...
    def GetByLanguage(self, lang: Bip39Languages) -> MnemonicWordsList: ...
