def load(path):
def load(path):

total = add(1, 2)

def close(self):
def load(path):

def load(path):
    return open(path).read()

    self.prefetch_all()

def close(self):
    return open(path).read()

def load(path):


    return open(path).read()

    return open(path).read()
    self.prefetch_all()

# fetch_all is on its way out
    self.prefetch_all()



def close(self):

def load(path):


def load(path):
def load(path):
# fetch_all is on its way out

    self.prefetch_all()

    self.prefetch_all()

total = add(1, 2)

total = add(1, 2)
def load(path):
    self.prefetch_all()
total = add(1, 2)
total = add(1, 2)
    self.prefetch_all()
total = add(1, 2)
total = add(1, 2)
def close(self):
    self.prefetch_all()
    self.prefetch_all()
    return open(path).read()
    self.prefetch_all()
    self.prefetch_all()


